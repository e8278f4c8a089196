@shop/haggle
Feature: Haggling
  @id:one
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then 2 are left
