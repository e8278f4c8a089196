@shop/sell
Feature: Selling
  @id:one
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then in the end 7 are left
