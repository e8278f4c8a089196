@shop/sell
Feature: Selling
  @id:one
  Scenario: One
    Given these stocks
    When 1 are sold
    Then 2 are left
